export interface RemoteKey {
  /** The key's address, without any secret. */
  readonly id: string;
  /** @throws HoldfastError unavailable while it does not respond; failed if it refuses */
  seal(plain: Uint8Array): Promise<Uint8Array>;
  /** @returns undefined if it did not seal the data */
  open(sealed: Uint8Array): Promise<Uint8Array | undefined>;
}
