import { HoldfastError } from "@holdfast/core/errors";

export async function listedBy<Result>(command: string, acting: Promise<Result>): Promise<Result> {
  try {
    return await acting;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "not_found") throw thrown;
    const { message, body } = thrown;
    throw new HoldfastError("not_found", `${message} 'holdfast ${command}' lists the IDs.`, { cause: thrown, body });
  }
}
