// Node's own fetch goes through HTTPS_PROXY: the one way to reach a client with fixed host names.
'use strict';

const { EnvHttpProxyAgent, setGlobalDispatcher } = require('undici');

setGlobalDispatcher(new EnvHttpProxyAgent());
