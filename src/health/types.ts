/** How a running command is. */
export interface Health {
  readonly healthy: boolean;
  /** One line for people: what works, or why not. It changes only when something has changed. */
  readonly detail: string;
}

/** What a running command leaves in its status file. */
export interface HealthStatus extends Health {
  /** `manage`, `join` or `discovery-service`. */
  readonly command: string;
  /** When it was written, RFC 3339. */
  readonly at: string;
  readonly pid: number;
}
