/**
 * Bugs of the kinds that registries and balancers have had, planted for one run by changing the text of a file while it is
 * bundled; a text that is not found fails the run. `npm run sim -- --plant <name>` has to find each (test/sim/planted).
 */
export const plants = [
  {
    name: "event missed at reconnection",
    changes: [["src/etcd-client/watch/watch-stream.ts", "seen < proved ? seen : proved", "revision + 2n"]],
  },
  {
    name: "lease not granted again after a wipe",
    changes: [
      ["src/etcd-client/lease.ts", "if (TTL <= 0n) return;", ""],
      ["src/etcd-client/lease.ts", "if (this.#id === id) this.#renewing.abort();", ""],
    ],
  },
  {
    name: "double registration after a freeze",
    changes: [
      [
        "src/etcd-client/lease.ts",
        "await this.#keepAlive(id, this.#renewing.signal);",
        "await Promise.race([this.#keepAlive(id, this.#renewing.signal), stalled(this.#ttlSeconds * 500)]);",
      ],
      [
        "src/etcd-client/lease.ts",
        "/** How long a call of a lease",
        `function stalled(ms: number): Promise<void> {
          return new Promise((resolve) => {
            let last = performance.now();
            const timer = setInterval(() => {
              const now = performance.now();
              if (now - last > ms) { clearInterval(timer); resolve(); }
              last = now;
            }, 500);
          });
        }
        /** How long a call of a lease`,
      ],
    ],
  },
  {
    name: "watch on a future revision",
    changes: [
      [
        "src/etcd-client/watch/proven-history.ts",
        "if (!newestPut) return 0n;",
        "if (!newestPut) return 0n; if (newestPut.modRevision > 0n) return newestPut.modRevision;",
      ],
    ],
  },
  {
    name: "retained instances never dropped",
    changes: [["src/membership/members.ts", "for (const id of this.#retained) this.#retire(id);", ""]],
  },
  {
    name: "reservation leaked",
    changes: [
      [
        "src/balancer/p2c/member.ts",
        "released(kind?: string): void {",
        "released(kind?: string): void { if (kind === undefined) return;",
      ],
    ],
  },
];
