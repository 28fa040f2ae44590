/** Files in memory: for a log that ends with the process. */

import type { Files, OpenFile } from './files.ts';

/** Bytes for which a new file has room. */
const INITIAL_BYTES = 4 * 1024;

export class MemoryFile {
  #bytes = Buffer.alloc(INITIAL_BYTES);
  size = 0;

  get content(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(bytes: Buffer, at: number): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.size);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  truncate(length: number): void {
    this.#bytes.fill(0, length, this.size);
    this.size = length;
  }
}

export class MemoryFiles implements Files {
  readonly byPath = new Map<string, MemoryFile>();

  async open(path: string, flags: 'r' | 'r+' | 'w+'): Promise<OpenFile> {
    if (flags === 'w+') this.byPath.set(path, new MemoryFile());
    return openFile(this.byPath.get(path) ?? this.#folder(path));
  }

  async readdir(folder: string): Promise<string[]> {
    const paths = [...this.byPath.keys()].filter(path => path.startsWith(`${folder}/`));
    return paths.map(path => path.slice(folder.length + 1));
  }

  async rename(from: string, to: string): Promise<void> {
    this.byPath.set(to, this.#file(from));
    this.byPath.delete(from);
  }

  async rm(path: string): Promise<void> {
    this.#file(path);
    this.byPath.delete(path);
  }

  #file(path: string): MemoryFile {
    const file = this.byPath.get(path);
    if (file === undefined) throw notFound(path);
    return file;
  }

  /** A folder is there if a file is in it; it is opened only to be synchronized. */
  #folder(path: string): MemoryFile {
    if (![...this.byPath.keys()].some(file => file.startsWith(`${path}/`))) throw notFound(path);
    return new MemoryFile();
  }
}

function openFile(file: MemoryFile): OpenFile {
  return {
    read: async (buffer, offset, length, position) => {
      const bytesRead = Math.max(0, Math.min(length, file.size - position));
      file.content.copy(buffer, offset, position, position + bytesRead);
      return { bytesRead };
    },
    write: async (buffer, offset, length, position) => {
      file.write(buffer.subarray(offset, offset + length), position);
      return { bytesWritten: length };
    },
    truncate: async length => file.truncate(length),
    datasync: async () => undefined,
    sync: async () => undefined,
    stat: async () => ({ size: file.size }),
    close: async () => undefined,
  };
}

function notFound(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
}
