/** `/package.Service/*`: how settings name all methods of the service that a path is of. A path is a caller's, as long as it likes. */
export function anyMethodOf(path: string): string {
  return `${path.slice(0, path.lastIndexOf("/") + 1)}*`;
}
