import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';

/** Sockets of clients, and of those the ones that are collecting. */
const sockets = new WeakMap<ClientBase, Socket>();
const collecting = new WeakSet<Socket>();

/** The socket that the client was made with. */
export function keepSocket(client: ClientBase, socket: Socket): void {
  sockets.set(client, socket);
}

/** Ends the connection without a word. */
export function destroySocket(client: ClientBase): void {
  sockets.get(client)?.destroy();
}

/**
 * What the client sends from now on goes out in one piece, as soon as nothing more is about to be sent: each piece costs a
 * system call, and a wakeup of the server. Under TLS, each statement is still a piece of its own.
 */
export function sendTogether(client: ClientBase): void {
  const socket = sockets.get(client);
  if (!socket || collecting.has(socket)) return;
  collecting.add(socket);
  socket.cork();
  process.nextTick(() => {
    collecting.delete(socket);
    socket.uncork();
  });
}
