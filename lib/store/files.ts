/** The part of a file system that logs of frames use, so that specs can put another one in its place. */

export interface OpenFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  write(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  /** Makes the content durable. */
  datasync(): Promise<void>;
  /** Makes the names in a folder durable. */
  sync(): Promise<void>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

export interface Files {
  open(path: string, flags: 'r' | 'r+' | 'w+', mode?: number): Promise<OpenFile>;
  readdir(folder: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string): Promise<void>;
}
