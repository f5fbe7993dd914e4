/**
 * Safari calls each photo that it takes `image.jpg`, so a second one would be taken for a new version of the first.
 * @param takenAt in local time, as in the names that cameras give
 */
export function photoName(name: string, takenAt: Date): string {
  const [, ending] = /^image(\.\w+)$/i.exec(name) ?? [];
  if (ending === undefined) return name;
  const day = [takenAt.getFullYear(), takenAt.getMonth() + 1, takenAt.getDate()];
  const time = [takenAt.getHours(), takenAt.getMinutes(), takenAt.getSeconds()];
  return `IMG_${digits(day)}_${digits(time)}${ending}`;
}

function digits(parts: readonly number[]): string {
  return parts.map((part) => String(part).padStart(2, "0")).join("");
}
