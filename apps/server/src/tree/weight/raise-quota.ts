/** The reader may be the administrator. */
export const raiseQuota = "An administrator can raise the quota: 'holdfast admin users quota EMAIL SIZE'.";
