/** Help of each option that sets an end. */
export const whenText =
  'a duration (12h, 30d), a day (2027-01-31: to its end), "2027-01-31 09:00" or 2027-01-31T09:00:00Z; no end unless given';

/** Help of each option that names a moment of the past. */
export const momentText =
  'how long ago (90m, 12h, 2d), a day (2027-01-31: its start), "2027-01-31 09:00" or 2027-01-31T09:00:00Z';
