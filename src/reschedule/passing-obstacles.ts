/** What stands in the way of a planned move, and may pass by itself: a drain tries again until its deadline. */
export const PASSING = {
  unrecorded: "what it needs is not recorded yet",
  paused: "it is paused",
  restarting: "it is restarting",
  otherCopy: "one of them is removed soon",
} as const;

/** Whether an obstacle, its own or of one it cannot move without, may pass by itself: the reason is at the end. */
export const mayPass = (obstacle: string): boolean =>
  Object.values(PASSING).some((reason) => obstacle.endsWith(reason));
