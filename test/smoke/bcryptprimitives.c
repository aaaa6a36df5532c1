/* Wine 8, which Debian 12 has, lacks this library of Windows; Bun takes its random numbers from there. */
#include <windows.h>

#define MOST 0x10000000

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG count);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  while (count > 0) {
    ULONG part = count < MOST ? (ULONG)count : MOST;
    if (!SystemFunction036(bytes, part)) return FALSE;
    bytes += part;
    count -= part;
  }
  return TRUE;
}
