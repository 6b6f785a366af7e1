// What the old snippets use of libraries that are not installed here, as their own types have it. Kept in step by hand with
// socket.io and socket.io-client 4.8 and @microsoft/signalr 10.0.

declare module 'socket.io-client' {
  export interface Socket {
    readonly recovered: boolean
    readonly volatile: this
    on(event: string, listener: (...args: any[]) => void): this
    emit(event: string, ...args: any[]): this
    emitWithAck(event: string, ...args: any[]): Promise<any>
    timeout(ms: number): this
    disconnect(): this
  }
  export function io(url: string, options?: { auth?: { [key: string]: any } }): Socket
}

declare module 'socket.io' {
  import type { Server as HttpServer } from 'node:http'

  interface BroadcastOperator {
    readonly volatile: BroadcastOperator
    emit(event: string, ...args: any[]): boolean
  }
  export interface Socket {
    readonly handshake: { readonly auth: { [key: string]: any } }
    data: any
    on(event: string, listener: (...args: any[]) => void): this
    join(room: string | string[]): Promise<void> | void
    to(room: string | string[]): BroadcastOperator
  }
  export class Server {
    constructor(
      server: HttpServer,
      options?: { connectionStateRecovery?: { maxDisconnectionDuration?: number; skipMiddlewares?: boolean } },
    )
    use(middleware: (socket: Socket, next: (error?: Error) => void) => void): this
    on(event: 'connection', listener: (socket: Socket) => void): this
    to(room: string | string[]): BroadcastOperator
  }
}

declare module '@microsoft/signalr' {
  interface StreamSubscriber<T> {
    closed?: boolean
    next(value: T): void
    error(error: any): void
    complete(): void
  }
  export class HubConnection {
    start(): Promise<void>
    stop(): Promise<void>
    send(methodName: string, ...args: any[]): Promise<void>
    invoke<T = any>(methodName: string, ...args: any[]): Promise<T>
    stream<T = any>(methodName: string, ...args: any[]): { subscribe(to: StreamSubscriber<T>): { dispose(): void } }
    on(methodName: string, newMethod: (...args: any[]) => any): void
    onreconnected(callback: (connectionId?: string) => void): void
  }
  export class HubConnectionBuilder {
    withUrl(url: string, options: { accessTokenFactory?(): string | Promise<string> }): HubConnectionBuilder
    withAutomaticReconnect(retryDelays?: number[]): HubConnectionBuilder
    withStatefulReconnect(options?: { bufferSize: number }): HubConnectionBuilder
    build(): HubConnection
  }
}
