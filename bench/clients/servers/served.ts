/** What an instance serves, and where it is listed. */
export interface Served {
  readonly etcd: string;
  readonly key: string;
  /** Target URL of both. */
  readonly url: string;
  find(request: { readonly id: string }): Promise<{ id: string; servedBy: string }>;
}
