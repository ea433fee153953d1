/**
 * Who is listed in etcd under a service key, in go-zero's layout. By etcd's own JSON gateway, so that no contestant's code is
 * what lists them.
 */
export class Listing {
  readonly #url: string;
  readonly #key: string;

  /** @param etcd `host:port` */
  constructor(etcd: string, key: string) {
    this.#url = `http://${etcd}/v3/kv`;
    this.#key = key;
  }

  add(instance: number, address: string): Promise<void> {
    return this.#post("put", { key: base64(`${this.#key}/${instance + 1}`), value: base64(address) });
  }

  remove(instance: number): Promise<void> {
    return this.#post("deleterange", { key: base64(`${this.#key}/${instance + 1}`) });
  }

  clear(): Promise<void> {
    return this.#post("deleterange", { key: base64(`${this.#key}/`), range_end: base64(`${this.#key}0`) }); // "0" follows "/"
  }

  async #post(operation: string, body: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(`${this.#url}/${operation}`, { method: "POST", body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`etcd refused ${operation} under ${this.#key}: ${response.status} ${text}`);
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
