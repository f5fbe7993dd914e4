/** Never receives content, keys or secrets. */
export interface BlockLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
