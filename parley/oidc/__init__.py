"""OpenID Connect, as its relying party (https://openid.net/specs/openid-connect-core-1_0.html)."""
