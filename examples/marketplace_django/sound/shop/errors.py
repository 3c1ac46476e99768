"""The shop's own errors: an HTTP status and a sentence that a customer may read."""


class ShopError(Exception):
    status = 500
    public_message = "Something went wrong on our side"


class NotForSale(ShopError):
    status = 409
    public_message = "There are not enough left"


class NotPossible(ShopError):
    status = 409
    public_message = "This order cannot be changed any more"


class ElsewhereDown(ShopError):
    status = 503
    public_message = "A service that we rely on is not available, please try again"
