import type { Clock } from "@holdfast/core/clock";
import type { BlockCells } from "../blocks/open-block-cells.ts";
import type { Config } from "../config/read-config.ts";
import type { Log } from "../operation/log.ts";

export interface ScheduleParts {
  readonly cells: BlockCells;
  readonly config: Config;
  readonly serverId: string;
  readonly clock: Clock;
  readonly log: Log;
}
