/** Two lower-case hex digits for each byte. */
export const bytesToHex: (bytes: Uint8Array) => string =
  typeof Uint8Array.prototype.toHex === "function" ? (bytes) => bytes.toHex() : byTable;

/** For engines without `toHex`. */
function byTable(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += digitsOf[byte];
  return hex;
}

const digitsOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
