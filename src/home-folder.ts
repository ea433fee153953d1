import { homedir } from "node:os";

/**
 * The user's home folder; undefined where there is none: a user without an entry in /etc/passwd, as containers have, and without
 * `$HOME`.
 */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
