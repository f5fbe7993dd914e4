import type { Clock } from "@holdfast/core/clock";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { Config } from "../../base/config/read-config.ts";
import type { Log } from "../../base/operation/log.ts";

export interface ScheduleParts {
  readonly cells: BlockCells;
  readonly config: Config;
  readonly serverId: string;
  readonly clock: Clock;
  readonly log: Log;
}
