/*
 * What Debian's libstdc++, which is made for glibc, asks of a C library and musl does not have under that name.
 * Declared by hand, so that no headers of musl are needed.
 */
typedef unsigned long size;

extern long getrandom(void *bytes, size count, unsigned flags);
extern unsigned long getauxval(unsigned long kind);
extern int pthread_key_create(unsigned *key, void (*end)(void *));

char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned number;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {}
  return number;
}

/* "Not found": the unwinder then asks dl_iterate_phdr. */
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

int __pthread_key_create(unsigned *key, void (*end)(void *)) { return pthread_key_create(key, end); }

unsigned long __getauxval(unsigned long kind) { return getauxval(kind); }
