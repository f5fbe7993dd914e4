/**
 * The product's mark: a bollard with a mooring line. For pages that load no files. A test compares it with the
 * icon files of the app.
 * @param attributes written into the tag, beginning with a space. Default: those of a file of its own
 */
export function markSvg(attributes = ' xmlns="http://www.w3.org/2000/svg"'): string {
  return `<svg viewBox="0 0 512 512"${attributes}><rect width="512" height="512" rx="112" fill="#0B6B5D"/><path d="${bollard}" fill="#FFFFFF"/><path d="${rope}" fill="none" stroke="#0B6B5D" stroke-width="104"/><path d="${rope}" fill="none" stroke="#5CCDB8" stroke-width="60" stroke-linecap="round"/></svg>`;
}

const bollard =
  "M144 64h224a48 48 0 0 1 0 96h-48v224h48a32 32 0 0 1 0 64H144a32 32 0 0 1 0-64h48V160h-48a48 48 0 0 1 0-96z";
const rope = "M160 256c48 32 124 32 200 4 70-26 140-64 280-148";
