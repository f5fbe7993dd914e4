export interface PlanSettings {
  /** Bytes by the plan's name; null: no limit. */
  readonly plans: Readonly<Record<string, number | null>>;
  readonly defaultPlan: string;
}
