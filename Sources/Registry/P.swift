import AsyncHTTPClient
import Crypto
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
