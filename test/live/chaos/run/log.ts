/** Where a run says how it goes. */
export type Say = (line: string) => void;
