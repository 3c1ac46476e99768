"""Sentences that customers read in several places."""

GOODBYE = "Yours, the marketplace"
ON_ITS_WAY = "Your parcel is on its way"
