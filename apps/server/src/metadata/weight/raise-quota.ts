/** The advice of every refusal for want of quota. Its reader may be the administrator. */
export const raiseQuota = "An administrator can raise the quota: 'holdfast admin users quota EMAIL SIZE'.";
