/** What the blocks folder says about itself; a pino logger fits. Never given content, keys or secrets. */
export interface BlockLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
