/** Under which the list of groups is kept, and below it the members of each. */
export const groupsKey = ["groups"] as const;
