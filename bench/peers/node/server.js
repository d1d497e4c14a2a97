// A chat as the Socket.IO tutorial would have it: rooms in memory, nothing stored, nothing checked.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const STATE_MESSAGES = 100;
const rooms = new Map();

function roomOf(room_id) {
  if (!rooms.has(room_id)) rooms.set(room_id, { participants: [], messages: [] });
  return rooms.get(room_id);
}

const http = createServer();
const io = new Server(http);

if (process.env.REDIS_URL) {
  // One of several processes: what is emitted reaches the others by Redis.
  const publishing = createClient({ url: process.env.REDIS_URL });
  const subscribed = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribed.connect()]);
  io.adapter(createAdapter(publishing, subscribed));
}

io.on('connection', (socket) => {
  const user_id = randomUUID();
  let username = '';

  socket.on('join_room', (joining, ack) => {
    const { room_id } = joining;
    const room = roomOf(room_id);
    username = joining.username;
    room.participants.push({ user_id, username, joined_at: new Date().toISOString() });
    socket.join(room_id);
    socket.emit('conversation_state', { room_id, conversation: { room_id, ...room } });
    const participant_count = room.participants.length;
    socket.to(room_id).emit('user_joined', { user_id, username, participant_count });
    ack?.({ ok: true, user_id, username });
  });

  socket.on('send_message', ({ room_id, message }, ack) => {
    const room = roomOf(room_id);
    const timestamp = new Date().toISOString();
    const said = { id: randomUUID(), user_id, username, message, type: 'text', timestamp };
    room.messages.push(said);
    if (room.messages.length > STATE_MESSAGES) room.messages.shift();
    io.to(room_id).emit('new_message', said);
    ack?.({ ok: true, id: said.id, timestamp });
  });
});

http.listen(0, '127.0.0.1', 4096, () => {
  console.log(`The Node.js peer is at http://127.0.0.1:${http.address().port}`);
});
