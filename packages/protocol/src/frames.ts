/** Blocks on the wire: what docs/format.md calls "Frames". */
export { encodeFrame, encodeFrameHeader, frameHeaderBytes } from "./frames-header.ts";
export type { Frame, FrameKind } from "./frames-header.ts";
export { findCutFrame, findFrames } from "./frames-view.ts";
export type { FramePlace } from "./frames-view.ts";
export { FrameParser, parseFrames, readFrames } from "./frames-parser.ts";
export { encodeBatchBody, readBatchBody } from "./frames-batch.ts";

/** A body of frames and nothing else: `POST /blocks`, and the answer of `POST /blocks/fetch`. */
export const framesContentType = "application/vnd.holdfast.frames";
/** JSON, then frames: the form of a sync batch that brings its small blocks along. */
export const batchContentType = "application/vnd.holdfast.batch";
