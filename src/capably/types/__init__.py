"""The neutral types that every provider's wire format is translated from and to. Nothing here depends on a provider."""
