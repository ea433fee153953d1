import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";

/** A user of a kubeconfig, as far as it is used here. */
export interface KubeconfigUser {
  readonly name: string;
  readonly exec?: { command?: string; readonly installHint?: string };
  readonly authProvider?: { readonly name?: string; readonly config?: Readonly<Record<string, string>> };
}

interface Entries {
  readonly contexts: readonly {
    readonly name: string;
    readonly cluster: string;
    readonly user?: string;
    readonly namespace?: string;
  }[];
  readonly clusters: readonly { name: string; server: string; proxyUrl?: string; skipTLSVerify: boolean }[];
  readonly users: readonly KubeconfigUser[];
}

/** What is used of the KubeConfig of @kubernetes/client-node. Structural, so that no type of ours needs the library. */
export interface KubeConfig extends Entries {
  loadFromFile(file: string): void;
  loadFromOptions(options: Entries & { readonly currentContext: string }): void;
  getCurrentContext(): string;
}

/** Which files are read: those of $KUBECONFIG in their order, else ~/.kube/config. */
export function kubeconfigFiles(kubeconfig: string | undefined): string[] {
  const files = (kubeconfig ?? "").split(delimiter).filter((file) => file !== "");
  return files.length > 0 ? files : [join(homedir(), ".kube", "config")];
}

/**
 * Loads files as kubectl merges them: what a file says first counts, a file that is missing or empty is skipped, and paths are
 * relative to the file that they stand in.
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files)
 * @throws Error when there is none of the files, or one cannot be read.
 */
export function loadMerged<C extends KubeConfig>(files: readonly string[], create: () => C): C {
  const loaded = files.filter(hasText).map((file) => {
    const config = create();
    config.loadFromFile(file);
    for (const { exec } of config.users) {
      // A bare name is looked for on the path.
      if (exec?.command && /[\\/]/.test(exec.command) && !isAbsolute(exec.command)) {
        exec.command = resolve(dirname(file), exec.command);
      }
    }
    return config;
  });
  if (loaded.length === 0) throw new Error("there is no such file, or nothing in it");
  const merged = create();
  merged.loadFromOptions({
    contexts: firstOfEachName(loaded.map(({ contexts }) => contexts)),
    clusters: firstOfEachName(loaded.map(({ clusters }) => clusters)),
    users: firstOfEachName(loaded.map(({ users }) => users)),
    currentContext: loaded.map((config) => config.getCurrentContext()).find((name) => name) ?? "",
  });
  return merged;
}

function hasText(file: string): boolean {
  try {
    return readFileSync(file, "utf8").trim() !== "";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function firstOfEachName<T extends { readonly name: string }>(lists: readonly (readonly T[])[]): T[] {
  const byName = new Map<string, T>();
  for (const entry of lists.flat()) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
