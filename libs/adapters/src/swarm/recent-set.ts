/** A set that forgets its oldest member when it has too many. */
export class RecentSet<T> {
  private readonly members = new Set<T>();

  constructor(private readonly most: number) {}

  add(member: T): void {
    this.members.add(member);
    if (this.members.size > this.most) this.members.delete(this.members.values().next().value as T);
  }

  has(member: T): boolean {
    return this.members.has(member);
  }
}
