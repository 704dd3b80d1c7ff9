// What somebody would write with Bolt: the signature is checked, one key of Redis is read, and it is the answer. It is
// measured next to the bot by the program in the folder above, which also installs what it needs, elsewhere.
'use strict';

const { App, HTTPReceiver, LogLevel } = require('@slack/bolt');
const Redis = require('ioredis');

const redis = new Redis(process.env.REDIS_URL);
const app = new App({
  receiver: new HTTPReceiver({
    signingSecret: process.env.SIGNING_SECRET,
    endpoints: '/slack/commands',
    logLevel: LogLevel.ERROR,
  }),
  authorize: async () => ({ botToken: 'xoxb-sample', botId: 'B0MEETBOT', botUserId: 'U0MEETBOT' }),
  logLevel: LogLevel.ERROR,
});

// Bolt answers with a string as plain text, so a card has to be an object.
app.command('/meet', async ({ ack }) => ack(JSON.parse(await redis.get(process.env.KEY))));

app.start({ port: Number(process.env.PORT), host: '127.0.0.1' });
