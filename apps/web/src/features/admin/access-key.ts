/** Query key of the list of rules. */
export const accessKey = ["admin-access"] as const;
