/**
 * Takes `amount` of what is free, or all when there is less: of each room in proportion to what it has, those with most first.
 * One step for each room, however large it is: who may have a million calls at a time must not hold up the others.
 */
export function partOfFree<Room extends { readonly free: number }>(rooms: readonly Room[], amount: number): readonly (readonly [Room, number])[] {
  let freeLeft = rooms.reduce((total, { free }) => total + free, 0);
  let left = Math.min(amount, freeLeft);
  const part: [Room, number][] = [];
  for (const room of [...rooms].sort((a, b) => b.free - a.free)) {
    if (left <= 0) break;
    const ofRoom = Math.ceil((left * room.free) / freeLeft);
    part.push([room, ofRoom]);
    left -= ofRoom;
    freeLeft -= room.free;
  }
  return part;
}
