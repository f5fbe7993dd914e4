export const whenText =
  'duration (12h, 30d), day (2027-01-31, to its end), "2027-01-31 09:00" or 2027-01-31T09:00:00Z; default is never';

export const momentText =
  'time ago (90m, 12h, 2d), day (2027-01-31, its start), "2027-01-31 09:00" or 2027-01-31T09:00:00Z';
