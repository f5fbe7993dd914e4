/** Query key of the list, and prefix for the members of each group. */
export const groupsKey = ["groups"] as const;
