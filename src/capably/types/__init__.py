"""The neutral types that every provider's wire format is translated from and to. Nothing here knows a provider."""
