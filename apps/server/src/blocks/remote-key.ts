/** A key that lies elsewhere and never comes here: whatever it is to seal or open goes to it. */
export interface RemoteKey {
  /** Its address, without any secret. */
  readonly id: string;
  /** @throws HoldfastError unavailable while it does not answer, failed where it refuses */
  seal(plain: Uint8Array): Promise<Uint8Array>;
  /** @returns undefined where it did not seal that */
  open(sealed: Uint8Array): Promise<Uint8Array | undefined>;
}
