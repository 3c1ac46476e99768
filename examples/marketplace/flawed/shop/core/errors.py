"""The shop's own errors. Each has an HTTP status and a sentence that a customer may read."""


class ShopError(Exception):
    status = 500
    public_message = "Something went wrong on our side"

    def __init__(self, public_message: str | None = None) -> None:
        super().__init__(public_message or self.public_message)
        self.public_message = public_message or self.public_message


class NotSignedIn(ShopError):
    status = 401
    public_message = "Please sign in"


class NotAllowed(ShopError):
    status = 403
    public_message = "You may not do this"


class NotFound(ShopError):
    status = 404
    public_message = "There is no such thing"


class Conflict(ShopError):
    status = 409
    public_message = "This does not fit the present state"


class Unacceptable(ShopError):
    status = 422
    public_message = "The data does not have the expected form"


class PaymentDown(ShopError):
    status = 502
    public_message = "Payments are not available, nothing was charged"


class SearchDown(ShopError):
    status = 503
    public_message = "Search is not available, please try again"


class ShippingDown(ShopError):
    status = 503
    public_message = "Shipping quotes are not available, please try again"
