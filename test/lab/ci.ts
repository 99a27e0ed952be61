/** Whether this runs where nothing may be left out: CI is set. */
export const onCi = !["", "0", "false", undefined].includes(process.env.CI);
