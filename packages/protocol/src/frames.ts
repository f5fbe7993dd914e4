/** Blocks on the network; see "Frames" in docs/format.md. */
export { encodeFrame, encodeFrameHeader, frameHeaderBytes } from "./frames-header.ts";
export type { Frame, FrameKind } from "./frames-header.ts";
export { findCutFrame, findFrames } from "./frames-view.ts";
export type { FramePlace } from "./frames-view.ts";
export { FrameParser, parseFrames, readFrames } from "./frames-parser.ts";
export { encodeBatchBody, readBatchBody } from "./frames-batch.ts";

/** A body of frames: `POST /blocks`, and the response of `POST /blocks/fetch`. */
export const framesContentType = "application/vnd.holdfast.frames";
/** JSON followed by frames: a sync batch that includes its small blocks. */
export const batchContentType = "application/vnd.holdfast.batch";
