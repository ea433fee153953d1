import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The folder of this user's inspect sockets, one `<pid>.sock` a process (`<pid>-2.sock` where another container's process of that number
 * is there already): `$XDG_RUNTIME_DIR/rollcall`, else `rollcall-<uid>` in the folder for temporary files. Nobody else can look into it.
 */
export function inspectDir(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime ? join(runtime, "rollcall") : join(tmpdir(), `rollcall-${ownUid()}`);
}

/** @param n which of the processes of this number. Default the first. */
export function inspectSocket(pid: number, n = 1): string {
  return join(inspectDir(), `${pid}${n === 1 ? "" : `-${n}`}.sock`);
}

/** The number of the process whose socket has this name; undefined for any other file. */
export function pidOfSocket(name: string): number | undefined {
  const pid = Number(/^(\d+)(?:-\d+)?\.sock$/.exec(name)?.[1]);
  return pid > 0 ? pid : undefined;
}

/** The system's longest name of a socket, in bytes: what is longer Node 20 cuts, and so makes the socket somewhere else. */
const MOST_BYTES = process.platform === "linux" ? 107 : 103;

/** @throws Error when a socket in the folder would have a longer name than the system allows. */
export function checkedInspectSocket(pid: number, n?: number): string {
  const path = inspectSocket(pid, n);
  if (process.platform === "win32" || Buffer.byteLength(path) <= MOST_BYTES) return path;
  throw new Error(`${path} is too long for a socket (${MOST_BYTES} bytes): set XDG_RUNTIME_DIR to a shorter folder`);
}

/**
 * Makes the folder, open to its owner only.
 * @throws Error when somebody else has made it, or can look into it: in a shared folder another user could have been first.
 */
export function makeInspectDir(): string {
  const dir = inspectDir();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (isOwn(dir)) return dir;
  throw new Error(
    `${dir} is not a folder that only this user can open: remove it, or set XDG_RUNTIME_DIR to a folder of mode 0700`,
  );
}

/** Whether it is a folder of this user's, and nobody else's to open. */
export function isOwn(dir: string): boolean {
  const found = lstatSync(dir);
  const own = process.platform === "win32" || (found.uid === ownUid() && (found.mode & 0o077) === 0);
  return found.isDirectory() && own;
}

/** By the process: in a container its user often has no entry in /etc/passwd, where os.userInfo() looks. Windows has none. */
function ownUid(): number {
  return process.getuid?.() ?? -1;
}
