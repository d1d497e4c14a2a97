"""The three examples that the original system's guide gives its users, to the letter."""

CREATE = r"""
curl -X POST http://localhost:8081/api/conversations/create \
  -H "Content-Type: application/json" \
  -d '{
    "title": "My Conversation",
    "description": "A test conversation",
    "user_id": "user123"
  }'
"""

JOIN = r"""
curl -X POST http://localhost:8081/api/conversations/abc12345/join \
  -H "Content-Type: application/json" \
  -d '{
    "user_id": "user456",
    "username": "John Doe"
  }'
"""

CONNECT = """
import io from 'socket.io-client';

const socket = io('http://localhost:8081');

socket.emit('join_room', {
  room_id: 'abc12345',
  user_id: 'user123',
  username: 'John Doe'
});

socket.on('new_message', (message) => {
  console.log('New message:', message);
});
"""
