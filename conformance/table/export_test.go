package table

// Shape is a shape as the tests of the schemas see it.
type Shape struct {
	Name           string
	Keys, Required []string
}

// Shapes are all mappings that have their own keys.
var Shapes = func() (all []Shape) {
	for _, s := range []shape{fileShape, caseShape, startShape, stepShape, wantShape, memoryShape, faultShape, noGoodShape,
		requestShape, responseShape, pairShape, bytesShape, replyShape, contractShape, clauseShape, exchangeShape, editShape,
		callShape, metricShape, answerShape, answeredShape, configureShape,
		grpcShape, grpcAnswerShape, grpcAnsweredShape, chainShape, chainPluginShape, defaultsShape, strictShape, patternShape,
		someLogsShape, bodyShape, nodeShape, localityShape, vmShape, effectShape} {
		all = append(all, Shape{s.name, s.keys(), s.required})
	}
	return all
}()
